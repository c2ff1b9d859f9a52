"""What is mine (本人事项): one address for an app in her hand."""
