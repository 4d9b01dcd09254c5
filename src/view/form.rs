//! The form of a test event.

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{
    domain::pipeline::SideEffect,
    model::{Form, Model},
    ui::{
        Context, Role,
        form::{self, Entry},
    },
};

/// Paints `filled`, with what its stage does outside and what is wrong with it.
pub(super) fn form(cx: &Context<'_>, buf: &mut Buffer, area: Rect, model: &Model, filled: &Form) {
    let entries: Vec<Entry<'_>> = filled
        .fields()
        .iter()
        .map(|field| Entry {
            name: &field.name,
            text: &field.text,
            cursor: field.cursor,
        })
        .collect();
    let stage = filled.stage();
    let effect = model.store.pipeline.side_effect(&stage);
    let role = match effect {
        SideEffect::PersonFacing => Role::Bad,
        SideEffect::PaidApi | SideEffect::CrmWrite => Role::Warn,
        SideEffect::Internal => Role::Dim,
    };
    let unknown = model.store.pipeline.find(&stage).is_none();
    let outside = if unknown {
        "this stage is not in the pipeline: its workflow is taken to write to people".to_owned()
    } else {
        format!("its workflow takes it like any other: {}", effect.label())
    };
    let made = filled.event(&model.store.pipeline, &model.options.actor, model.now);
    let remarks = [
        (role, outside),
        (
            Role::Dim,
            "marked \"test\": true, and with who inserts it; empty fields are left out".to_owned(),
        ),
        match made {
            Ok(event) => (Role::Dim, format!("{} bytes of JSON", event.payload.len())),
            Err(wrong) => (Role::Bad, wrong),
        },
    ];
    let badge = ("nothing run".to_owned(), Role::OkBadge);
    form::form(
        cx,
        buf,
        area,
        ("TEST EVENT", &badge),
        (&entries, filled.selected()),
        &remarks,
    );
}
