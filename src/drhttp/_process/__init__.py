"""What the process has: recorders, forks, the exit, and what uWSGI does with threads."""
