"""Signs of manufactured figures (疑点): questions to an office, never verdicts."""
