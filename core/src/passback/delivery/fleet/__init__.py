"""Who delivers: the one process that has a file's lock, or each of several its share."""
