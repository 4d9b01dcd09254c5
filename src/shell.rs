//! The imperative shell: the only place that owns both a model and a runtime.
