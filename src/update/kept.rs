//! Filters that are kept under a name.

use super::{action, answer};
use crate::{
    effect::{Effect, KeptFilter},
    model::{Line, Model},
};

/// Sets the filter that `line` names, keeps the one that is set under that name, or forgets it.
pub(super) fn submit(model: &mut Model, line: &Line) -> Vec<Effect> {
    let typed = line.text.trim();
    let screen = model.screen;
    let own: Vec<&KeptFilter> = model.kept.iter().filter(|it| it.screen == screen).collect();
    let named = |name: &str| own.iter().find(|it| it.name == name);
    let numbered = || own.get(typed.parse::<usize>().ok()?.checked_sub(1)?);
    let chosen = answer::chosen(model, line);
    let chosen = chosen.as_deref().and_then(named);
    if let Some(kept) = chosen.or_else(|| named(typed)).or_else(numbered) {
        let text = kept.text.clone();
        model.overlays.pop();
        action::filter(model, screen, &text);
        return Vec::new();
    }
    if let Some(name) = typed.strip_prefix('-').map(str::trim) {
        let Some(kept) = named(name).map(|kept| (*kept).clone()) else {
            model.say(format!("no filter is kept as `{name}` here"));
            return Vec::new();
        };
        let said = format!("forgotten: {name}, which was {}", kept.text);
        return keep(model, kept, true, said);
    }
    match fresh(model, typed) {
        Ok(kept) => {
            let said = format!("kept as {}: {}", kept.name, kept.text);
            keep(model, kept, false, said)
        }
        Err(why) => {
            model.say(why);
            Vec::new()
        }
    }
}

/// The filter that is set, under a new name; or why it cannot be kept.
fn fresh(model: &Model, name: &str) -> Result<KeptFilter, String> {
    let text = model.screens.filter(model.screen).trim();
    let is_plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || "_-. ".contains(c));
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() {
        Err("none is kept for this screen yet: set one with /, then give it a name here".to_owned())
    } else if text.is_empty() {
        Err(format!(
            "no filter is kept as `{name}`, and none is set that could be: set one with /"
        ))
    } else if model.screens.filter_error(model.screen) {
        Err("the filter that is set is not understood, so it is not kept".to_owned())
    } else if is_number || !is_plain || name.chars().count() > KeptFilter::LONGEST {
        Err(format!(
            "a name is up to {} letters, digits, spaces, - _ and ., and no number",
            KeptFilter::LONGEST
        ))
    } else if model.kept.len() >= KeptFilter::MOST {
        Err(format!(
            "{} filters are kept, and no more: forget one with -name",
            KeptFilter::MOST
        ))
    } else {
        Ok(KeptFilter {
            screen: model.screen,
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }
}

fn keep(model: &mut Model, kept: KeptFilter, is_gone: bool, said: String) -> Vec<Effect> {
    model.overlays.pop();
    model.say(said);
    kept.clone().keep(&mut model.kept, is_gone);
    vec![Effect::Keep(kept, is_gone)]
}
