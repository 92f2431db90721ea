"""What is kept: results, deliveries, how connections do, and every change of these; no tasks, no requests."""
