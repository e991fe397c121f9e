import { TextField } from "../../kit/form";
import { useSession } from "../../kit/session";

/** root@pam is asked for no password: who is root needs none. */
const ROOT = "root@pam";

/** Whether somebody manages their own account, and has to show that it is them. */
export function useIsMe(userid: string): boolean {
  const session = useSession();
  return session.is === "in" && session.session.username === userid && userid !== ROOT;
}

/** Whether changes of second factors want the password of whoever is logged in. */
export function useMustConfirm(): boolean {
  const session = useSession();
  return session.is === "in" && session.session.username !== ROOT;
}

export function Mine({
  value,
  onChange,
  autoFocus = true,
}: {
  value: string;
  onChange: (value: string) => void;
  autoFocus?: boolean;
}) {
  return (
    <TextField
      label="Your present password"
      type="password"
      autoComplete="current-password"
      isRequired
      autoFocus={autoFocus}
      value={value}
      onChange={onChange}
    />
  );
}
