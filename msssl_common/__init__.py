"""Ground floor: files, locks, messages, console, worker processes, memory. Nothing about HEAR."""
