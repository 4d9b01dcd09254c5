//! Findings as text, and as JSON.

use super::{Finding, worst};

/// For people: a line a finding, with why and the remedy below what is not well.
pub fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let what = finding.what.display_cut(400);
        out.push_str(&format_line(finding.level.word(), &what));
        if !finding.why.is_empty() {
            out.push_str(&format_line("", &format!("why:  {}", finding.why)));
        }
        if !finding.mend.is_empty() {
            out.push_str(&format_line(
                "",
                &format!("mend: {}", finding.mend.display()),
            ));
        }
    }
    let of = |code: u8| {
        findings
            .iter()
            .filter(|f| f.level.exit_code() == code)
            .count()
    };
    let (ok, warn, critical, unknown) = (of(0), of(1), of(2), of(3));
    let sum = format!("{ok} ok, {warn} to look at, {critical} critical, {unknown} unknown\n");
    out.push_str(&sum);
    out
}

fn format_line(word: &str, text: &str) -> String {
    format!("{word:<9} {text}\n")
}

/// For programs: one object with the worst level and every finding.
pub fn json(findings: &[Finding]) -> String {
    let quoted = |text: &str| crate::domain::untrusted::Untrusted::from(text).json();
    let rows: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!(
                r#"{{"level":"{}","what":{},"why":{},"mend":{}}}"#,
                finding.level.word(),
                finding.what.json(),
                quoted(&finding.why),
                finding.mend.json()
            )
        })
        .collect();
    let level = worst(findings).word();
    format!(
        "{{\"level\":\"{level}\",\"findings\":[{}]}}\n",
        rows.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        vec![
            Finding::ok("connected"),
            Finding::warn("a \u{1b}[31mname", "it \"matters\"", "GRANT SELECT;"),
        ]
    }

    #[test]
    fn text_says_why_and_what_mends_it_and_lets_no_escape_through() {
        assert_eq!(
            text(&findings()),
            "ok        connected\nwarn      a <ESC>[31mname\n          why:  it \"matters\"\n          mend: GRANT SELECT;\n1 ok, 1 to look at, 0 critical, 0 unknown\n"
        );
    }

    #[test]
    fn json_can_be_parsed_and_names_the_worst_level() {
        let parsed: serde_json::Value = serde_json::from_str(&json(&findings())).unwrap();
        assert_eq!(parsed["level"], "warn");
        assert_eq!(parsed["findings"][1]["why"], "it \"matters\"");
        assert_eq!(parsed["findings"].as_array().unwrap().len(), 2);
    }
}
