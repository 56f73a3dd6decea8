-- Return whether an administrator has ever taken this account's role in the register away. The audit alone remembers it.
CREATE OR REPLACE FUNCTION was_removed(p_account_id uuid, p_register text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT EXISTS (
        SELECT FROM audit AS a
        WHERE a.action = 'grant_taken' AND a.register = p_register AND p_account_id = ANY(a.subjects)
    )
$$;
GRANT EXECUTE ON FUNCTION was_removed(uuid, text) TO identity_app;
