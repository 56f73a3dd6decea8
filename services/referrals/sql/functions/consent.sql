-- Records that are on the register without evidence of consent, until an update answers the questions about it.

-- Say that an update of the records answered the questions about consent. It may have moved a record out of the user's
-- sight. A record that was not waiting for this stays as it is.
CREATE OR REPLACE FUNCTION confirm_consent(p_records uuid [], p_user uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE consent_to_confirm SET confirmed_at = now(), confirmed_by = p_user
    WHERE record_id = ANY(p_records) AND confirmed_at IS NULL
$$;
GRANT EXECUTE ON FUNCTION confirm_consent(uuid [], uuid) TO referrals_app;
