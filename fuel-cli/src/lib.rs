//! The `fuel` command and a typed client of the master's REST API.
