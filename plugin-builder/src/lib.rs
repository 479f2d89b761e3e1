//! The Fuel plugin format.
