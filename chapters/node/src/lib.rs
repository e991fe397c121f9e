//! The node itself: version, tasks, history, health checks, access.
