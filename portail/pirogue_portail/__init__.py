"""What people see: the youths' pages and the trainers' pages, on one small Flask application."""
