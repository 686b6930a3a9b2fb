//! Contract suites for every port, a simulated clock and market generators.
