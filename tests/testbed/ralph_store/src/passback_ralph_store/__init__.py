"""A back end for Ralph's LRS whose data outlives a killed server."""
