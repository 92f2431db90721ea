"""What goes on while a host is open: delivery, alerts, telemetry, and going over to each configuration."""
