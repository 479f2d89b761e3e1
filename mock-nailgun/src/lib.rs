//! A mock of Nailgun, the REST service of a Fuel master.
