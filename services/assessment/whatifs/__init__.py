"""What-ifs (方案试算): how a draft would have judged what has been, before it is put in force."""
