//! Applies plans: journal, tasks, verification, undo.
