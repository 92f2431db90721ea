"""Who is who: signing in, launches, links and accounts, as a host and its administrators use them."""
