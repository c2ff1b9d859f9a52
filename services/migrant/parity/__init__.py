"""Equal service (均等服务): how migrants and locals are served, and what is spent on each."""
