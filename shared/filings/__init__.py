"""Spreadsheets filed (表格批量申报): many lines in one file, each as if it were sent alone.

One mechanism for every service. A service says what its sheets are (`kinds.SheetKind`: columns,
command, handler), serves the routes, and runs the worker beside itself; its tables are declared by
`tables.add_filing_tables`.
"""
