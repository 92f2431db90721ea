"""Looking learners up at the systems that results go to."""
