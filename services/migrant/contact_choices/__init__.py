"""Contact choices (联系方式选择): how, where, when and in which language a person is reached."""
