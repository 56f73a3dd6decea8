"""Rules of the reports service, without database, clock or network: what a dashboard counts, what a report holds."""
