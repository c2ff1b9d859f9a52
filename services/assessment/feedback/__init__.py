"""Weekly feedback (周反馈): to each office, what its own week was like beside its last four."""
