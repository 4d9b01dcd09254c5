//! The pipeline in force: that of the guide, or the one that a file of the site describes.

use std::sync::Arc;

use super::{Config, Mistake, Mistakes};
use crate::domain::pipeline::{Pipeline, Slip};

impl Config {
    /// The pipeline in force.
    pub fn pipeline(&self) -> Arc<Pipeline> {
        Arc::clone(&self.pipeline)
    }

    /// Takes the pipeline that `text`, the file at `path`, describes.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn describe_pipeline(&mut self, path: &str, text: &str) -> Result<(), Mistakes> {
        let mistake = |Slip { line, text }| Mistake {
            line: Some(line),
            text,
        };
        self.pipeline = Arc::new(Pipeline::parse(text).map_err(|slips| Mistakes {
            what: "pipeline",
            path: path.to_owned(),
            all: slips.into_iter().map(mistake).collect(),
        })?);
        Ok(())
    }

    /// Where the pipeline comes from.
    pub(super) fn pipeline_origin(&self) -> &str {
        self.get("pipeline.file").unwrap_or("built in")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn a_pipeline_of_ones_own_takes_the_place_of_the_guides_and_its_mistakes_name_their_lines() {
        let mut config = Config::load(None, Overrides::default()).unwrap();
        let told = config.describe();
        assert!(
            told.contains("guide: 3 phases, 15 stages  (built in)"),
            "{told}"
        );

        let own = "name = 'shop'\n[[phase]]\nname = 'Only'\n[[stage]]\nevent = 'a'\nphase = 'Only'\nworkflow = 'W'\nwebhook = 'w'\n";
        config.describe_pipeline("p.toml", own).unwrap();
        assert_eq!(config.pipeline().summary(), "shop: 1 phase, 1 stage");

        let wrong = own.replace("'Only'\nworkflow", "'Olny'\nworkfow");
        let told = config
            .describe_pipeline("p.toml", &wrong)
            .unwrap_err()
            .to_string();
        assert_eq!(
            told,
            "the pipeline has 3 mistakes:\n  p.toml:4: `workflow` is missing here\n  \
             p.toml:6: there is no phase `Olny`; did you mean `Only`?\n  \
             p.toml:7: unknown name `stage.workfow`; did you mean `workflow`?"
        );
        assert_eq!(config.pipeline().name, "shop");
    }
}
