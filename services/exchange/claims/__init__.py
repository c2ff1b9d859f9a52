"""Claims (报销结算): words about what one county pays for another, carried as notices."""
