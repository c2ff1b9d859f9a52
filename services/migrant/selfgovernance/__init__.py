"""Self-governance (居民自治): charters that respect everybody's rights, and the loop of promise,
report and review (承诺—实施—报告—评议—监督)."""
