"""What happens in the kernel: hooks around executions, probes that look, and the session that orders them."""
