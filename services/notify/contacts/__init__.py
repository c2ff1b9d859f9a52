"""The contact book (联系簿): who agreed to be reached, for what, where; and who said stop."""
