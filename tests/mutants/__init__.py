"""Connectors that are wrong on purpose, each beside a correct twin: what the conformance kit is tried on."""
