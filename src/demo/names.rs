//! Invented people and companies. Their domains end in `.example`, where no mail can go.

use super::chance::Dice;

const FIRST: [&str; 24] = [
    "Aisha", "Anders", "Beatriz", "Carlos", "Chloe", "Dana", "Elena", "Emil", "Farid", "Fiona",
    "Grace", "Hugo", "Ines", "Jana", "Kofi", "Lars", "Leila", "Marta", "Noah", "Omar", "Petra",
    "Rosa", "Theo", "Vera",
];

const LAST: [&str; 24] = [
    "Adeyemi", "Almeida", "Bauer", "Bianchi", "Chen", "Costa", "Dahl", "Dubois", "Eriksen",
    "Fontana", "Gruber", "Hansen", "Ibrahim", "Kaya", "Kim", "Larsen", "Moreau", "Novak", "Okafor",
    "Petrov", "Rossi", "Silva", "Tanaka", "Weber",
];

const PLACE: [&str; 16] = [
    "Amber", "Beacon", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbor", "Indigo",
    "Juniper", "Kestrel", "Lumen", "Maple", "Onyx", "River", "Summit",
];

const TRADE: [&str; 16] = [
    "Analytics",
    "Builders",
    "Carriers",
    "Clinics",
    "Components",
    "Controls",
    "Dairy",
    "Design",
    "Energy",
    "Foods",
    "Freight",
    "Hotels",
    "Labs",
    "Metals",
    "Optics",
    "Textiles",
];

const KIND: [&str; 8] = [
    "Group",
    "Partners",
    "Works",
    "Holding",
    "Europe",
    "International",
    "Services",
    "Systems",
];

const INDUSTRY: [&str; 8] = [
    "Logistics",
    "Manufacturing",
    "Software",
    "Healthcare",
    "Retail",
    "Energy",
    "Construction",
    "Food",
];

const THEME: [&str; 8] = [
    "Benefits check",
    "Payroll round table",
    "Cost review",
    "Hiring briefing",
    "Fleet savings",
    "Energy hedging",
    "Compliance update",
    "Growth call",
];

const SEGMENT: [&str; 6] = [
    "CFO-DACH",
    "HR-US",
    "CEO-ALL",
    "CFO-MFG",
    "HR-NORDICS",
    "CEO-RETAIL",
];

fn words(dice: &mut Dice, lists: &[&[&'static str]]) -> String {
    let picked: Vec<&str> = lists.iter().filter_map(|list| dice.pick(list)).collect();
    picked.join(" ")
}

/// A person.
pub(super) fn person(dice: &mut Dice) -> String {
    words(dice, &[&FIRST, &LAST])
}

/// A company; the history has none of these names.
pub(super) fn company(dice: &mut Dice) -> String {
    words(dice, &[&PLACE, &TRADE, &KIND])
}

/// What a company does.
pub(super) fn industry(dice: &mut Dice) -> String {
    words(dice, &[&INDUSTRY])
}

/// A campaign's name and segment.
pub(super) fn campaign(dice: &mut Dice, number: u32) -> (String, String) {
    let theme = words(dice, &[&THEME]);
    (format!("{theme} {number}"), words(dice, &[&SEGMENT]))
}
