"""The whole pipeline in simulated time: `scenario` says what, `day` runs it, `costs` and `limits` read it out."""
