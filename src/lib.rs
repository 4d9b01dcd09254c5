//! outpost: a terminal console for an event-driven outreach pipeline on PostgreSQL and n8n.
//!
//! Data flows one way. Sources turn the outside world into [`msg::Msg`]; [`update::update`] folds a message
//! into the [`model::Model`] and answers with [`effect::Effect`]s; [`view::view`] paints the model; the shell
//! runs the effects, whose results come back as messages.
//!
//! ```text
//! sources ──Msg──▶ update(&mut Model, at, Msg) ──Effect──▶ shell ──Msg──┐
//!    ▲                     │                                           │
//!    └─────────────────────┼───────────────────────────────────────────┘
//!                     view(&Model) ──▶ terminal
//! ```
//!
//! Layers, lowest first; a module may import only lower ones (`tests/it/layering.rs` checks it):
//!
//! 0. [`domain`]: the rules of the pipeline. No terminal, no IO, no clock.
//! 1. [`action`], [`effect`], [`msg`], [`keymap`], [`palette`], [`store`]: the words, and what is known.
//! 2. [`ui`] paints plain data; [`sources`] produce messages.
//! 3. [`screens`]: one module a screen, each with a `State`, an `update` and a `view`.
//! 4. [`model`], [`mod@update`], [`mod@view`]: the three roots.
//! 5. [`shell`]: the only place that owns both a `Model` and a runtime.

pub mod action;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod effect;
pub mod headless;
pub mod keymap;
pub mod logging;
pub mod migrate;
pub mod model;
pub mod msg;
pub mod palette;
pub mod program;
pub mod screens;
pub mod shell;
pub mod sources;
pub mod store;
pub mod ui;
pub mod update;
pub mod view;
