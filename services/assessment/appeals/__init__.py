"""Appeals (申诉) of an office against its scorecard."""
