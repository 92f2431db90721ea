"""The host's face for code without async, in whichever thread or forked process that runs."""
