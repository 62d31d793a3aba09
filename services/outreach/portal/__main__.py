"""`python -m services.outreach.portal` serves the portal."""

from services.outreach.portal_app import main

if __name__ == "__main__":
    main()
