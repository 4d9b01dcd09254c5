//! The selected group: what it is, how far it goes, whether a retry helps, and what to do.

mod facts;
mod runbook;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Scene, groups, list, said, sample};
use crate::{
    domain::{
        error_group::{ErrorGroup, MEMBERS},
        mask, presence,
    },
    screens::errors::explained,
    ui::{Role, panel, text, why},
};

/// Cells that the name of a line takes.
const NAME: usize = 10;

/// A line: what it is about, and what it says.
struct Fact {
    name: &'static str,
    role: Role,
    says: String,
    /// The same in fewer words, where there is no second line for it; empty where there are none.
    short: String,
    /// When it goes where room is short: the highest first, 0 never.
    rank: u8,
}

const fn fact(name: &'static str, role: Role, says: String, rank: u8) -> Fact {
    Fact {
        name,
        role,
        says,
        short: String::new(),
        rank,
    }
}

impl Fact {
    fn or(mut self, short: String) -> Self {
        self.short = short;
        self
    }
}

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let Some(group) = explained(scene.state, scene.store) else {
        panel::panel(scene.cx, buf, area, "EXPLAIN", &none(), false);
        return;
    };
    let inner = framed(scene, buf, area, group);
    let room = usize::from(inner.width).saturating_sub(NAME);
    facts(scene, buf, inner, long(scene, group, room));
}

/// Paints the likeliest reasons, of what is known without asking.
pub(super) fn why(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let badge = ("x all of them".to_owned(), Role::Dim);
    let inner = panel::panel(scene.cx, buf, area, "WHY", &badge, false);
    let Some(group) = explained(scene.state, scene.store) else {
        return;
    };
    let hypotheses = scene.store.why(&group.stage, Some(group.id));
    let lines = why::lines(scene.cx, &hypotheses, usize::from(inner.width));
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, line);
    }
}

/// Paints the panel with little room: the most telling lines, and the sample in one.
pub(super) fn short(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let Some(group) = explained(scene.state, scene.store) else {
        return;
    };
    let inner = framed(scene, buf, area, group);
    let mut lines = vec![
        fact(
            "",
            Role::Text,
            format!("{}; {}", facts::counted(group), facts::seen(scene, group)),
            2,
        ),
        fact("msg", Role::Text, facts::message(group), 0),
        fact(
            "class",
            groups::class(group),
            facts::class_and_retry(group),
            0,
        ),
    ];
    if let Some(sentence) = said::sentence(scene.cx, group) {
        lines.insert(1, fact("ignore", Role::Warn, sentence, 0));
    }
    let ran = facts::ran(scene, group);
    lines.extend(ran.map(|(long, short)| fact("exec", Role::Text, long, 3).or(short)));
    let fires = facts::alerts(scene, group);
    lines.extend(fires.map(|(role, says)| fact("alert", role, says, 7)));
    let near = facts::near(scene, group);
    lines.extend(near.map(|(role, long, short)| fact("near", role, long, 6).or(short)));
    let steps = runbook::steps(scene, group);
    let plan = match steps.len() {
        0 => group.advice(),
        _ => runbook::plan(&steps),
    };
    lines.push(fact("plan", Role::Strong, plan, 1));
    if let Some(note) = &group.standing.note {
        let note = mask::cut(note, 400);
        lines.push(fact("note", Role::Strong, note, 4));
    }
    // One line of it: more is a key away.
    let room = usize::from(inner.width).saturating_sub(NAME);
    let sample = sample::line(scene).map(|line| text::cut(&line, room));
    lines.extend(sample.map(|line| fact("sample", Role::Dim, line, 5)));
    facts(scene, buf, inner, lines);
}

const fn none() -> panel::Badge {
    (String::new(), Role::Dim)
}

fn framed(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, group: &ErrorGroup) -> Rect {
    let label = group.stage.label();
    let place = scene.cx.pipeline.find(&group.stage);
    let place = place.map_or_else(
        || label.clone(),
        |stage| format!("{label} > {}", stage.workflow),
    );
    let owner = match &group.standing.owner {
        Some(owner) => format!("owner {}", presence::shown(owner)),
        None => "unassigned".to_owned(),
    };
    let state = if group.is("woken") {
        "woken"
    } else {
        group.state.name()
    };
    let badge = (
        format!("{state}  {}", list::word(&group.severity)),
        groups::role(group.state),
    );
    // Whose it is comes before which workflow.
    let forms = [&place, &label].map(|place| format!("{place}  id {}  {owner}", group.id));
    let room = usize::from(area.width).saturating_sub(badge.0.width() + 7);
    let title = text::fitting(forms.iter().map(String::as_str), room);
    panel::panel(scene.cx, buf, area, &title, &badge, false)
}

/// What there is to say of the group, in the order of the panel.
fn long(scene: &Scene<'_>, group: &ErrorGroup, room: usize) -> Vec<Fact> {
    let cx = scene.cx;
    let cut = if group.count() as usize > MEMBERS {
        format!(
            "; samples are of the newest {}",
            text::grouped(MEMBERS as u64)
        )
    } else {
        String::new()
    };
    let seen = facts::seen(scene, group) + &facts::pace(scene, group);
    let mut lines = vec![
        fact("", Role::Strong, facts::counted(group) + &cut, 0),
        fact("seen", Role::Text, seen, 2),
    ];
    if let Some(sentence) = said::sentence(cx, group) {
        lines.push(fact("ignore", Role::Warn, sentence, 0));
    }
    let is_said = group.standing.owner.is_some() || group.standing.note.is_some();
    if is_said {
        lines.push(fact("owner", Role::Strong, said::owned(cx, group), 2));
    }
    lines.push(fact("msg", Role::Text, facts::message(group), 10));
    lines.push(fact("class", groups::class(group), facts::class(group), 0));
    let (went, short) = facts::retried(group);
    lines.push(fact("retry", Role::Text, went, 1).or(short));
    let ran = facts::ran(scene, group);
    lines.extend(ran.map(|(long, short)| fact("exec", Role::Text, long, 4).or(short)));
    let fires = facts::alerts(scene, group);
    let fires = fires.unwrap_or_else(|| (Role::Dim, "none fires for this stage".to_owned()));
    lines.push(fact("alert", fires.0, fires.1, 3));
    let near = facts::near(scene, group);
    lines.extend(near.map(|(role, long, short)| fact("near", role, long, 5).or(short)));
    let reason = facts::reason(scene, group);
    lines.extend(reason.map(|says| fact("why", Role::Text, says, 12)));
    let (effect, short) = facts::effect(scene, group);
    lines.push(fact("effect", Role::Text, effect, 7).or(short));
    let role = groups::role(group.state);
    lines.push(fact("state", role, facts::state(scene, group), 11));
    let history = facts::history(scene, group);
    lines.extend(history.map(|(long, short)| fact("history", Role::Dim, long, 13).or(short)));
    let steps = runbook::steps(scene, group);
    let told = steps.iter().enumerate().map(|(at, step)| {
        let (name, rank) = match at {
            0 => ("runbook", 6),
            1 | 2 => ("", 8),
            _ => ("", 9),
        };
        fact(name, Role::Strong, step.line(at + 1, room), rank)
    });
    lines.extend(told);
    lines
}

/// Paints the lines that have room; a second line goes to those that need one most.
fn facts(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, mut lines: Vec<Fact>) {
    let height = usize::from(area.height);
    while lines.len() > height {
        let worst = lines.iter().map(|line| line.rank).max().unwrap_or(0);
        let Some(at) = lines.iter().rposition(|line| line.rank == worst) else {
            break;
        };
        lines.remove(at);
    }
    let room = usize::from(area.width).saturating_sub(NAME);
    let mut spare = height.saturating_sub(lines.len());
    let once = |line: &Fact| {
        let is_long = line.says.width() > room && !line.short.is_empty();
        let form = if is_long { &line.short } else { &line.says };
        vec![text::cut(form, room)]
    };
    let mut parts: Vec<Vec<String>> = lines.iter().map(once).collect();
    // Those that stay longest are also told whole first.
    let mut by_rank: Vec<(&Fact, &mut Vec<String>)> = lines.iter().zip(&mut parts).collect();
    by_rank.sort_by_key(|(line, _)| line.rank);
    for (line, own) in by_rank {
        let first = text::wrap(&line.says, room).swap_remove(0);
        let rest = line
            .says
            .get(first.len()..)
            .unwrap_or_default()
            .trim_start();
        if spare > 0 && !rest.is_empty() {
            let rest = text::cut(rest, room);
            *own = vec![first, rest];
            spare -= 1;
        }
    }
    let mut row = 0;
    for (line, own) in lines.iter().zip(&parts) {
        for (at, part) in own.iter().enumerate() {
            let name = if at == 0 { line.name } else { "" };
            panel::put(buf, area, row, &pair(scene, name, line.role, part));
            row += 1;
        }
    }
}

fn pair(scene: &Scene<'_>, name: &str, role: Role, says: &str) -> Line<'static> {
    let (cx, name) = (scene.cx, format!(" {name:<8}"));
    Line::from(vec![
        Span::styled(name, cx.style(Role::Header)),
        Span::styled(says.to_owned(), cx.style(role)),
    ])
}
