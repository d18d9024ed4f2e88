//! Simulated platforms and services in this binary, for trying before handing over a key and for the tests.
