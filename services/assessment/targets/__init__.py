"""Annual targets (年度目标) of an office's own work, broken down into months and offices
(目标分解), with the progress against them."""
