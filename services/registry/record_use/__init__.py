"""How many of the records that were entered served somebody (信息使用): counts, never who."""
