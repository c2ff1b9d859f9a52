"""Work units (单位): how large they are, who is responsible for them, who works there."""
