"""Monthly figures (每月通报): aggregates between county and departments, and what each county saw
of the other's offices (双向考核). Never a person."""
