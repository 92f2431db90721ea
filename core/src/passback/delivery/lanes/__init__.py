"""Delivering: a dispatcher, and a lane for each connection that something is due for."""
