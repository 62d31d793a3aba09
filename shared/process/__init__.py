"""How a process lives: settings, serving, signs of life, log lines and figures, kill points."""
