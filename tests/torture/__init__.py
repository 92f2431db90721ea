"""Crash and chaos: workers are killed at random instants, and an account is taken of what was accepted."""
