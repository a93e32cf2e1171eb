"""What the assistant costs, as ratios to what it is built on: `python -m evals.benchmarks`."""
