import {
  Button,
  Divider,
  Dropdown,
  DropdownItem,
  DropdownList,
  Masthead as PfMasthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  MenuToggle,
  PageToggleButton,
  ToggleGroup,
  ToggleGroupItem,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from "@patternfly/react-core";
import DesktopIcon from "@patternfly/react-icons/dist/esm/icons/desktop-icon";
import KeyboardIcon from "@patternfly/react-icons/dist/esm/icons/keyboard-icon";
import MoonIcon from "@patternfly/react-icons/dist/esm/icons/moon-icon";
import SunIcon from "@patternfly/react-icons/dist/esm/icons/sun-icon";
import UserIcon from "@patternfly/react-icons/dist/esm/icons/user-icon";
import { useState } from "react";
import { useNodes, useVersion } from "../nodes";
import { href } from "../router";
import { logout, useSession } from "../session";
import { useTheme, type Theme } from "../theme";
import { Mark } from "./Mark";

const THEMES: { theme: Theme; label: string; icon: typeof SunIcon }[] = [
  { theme: "light", label: "Light theme", icon: SunIcon },
  { theme: "dark", label: "Dark theme", icon: MoonIcon },
  { theme: "system", label: "Theme of the system", icon: DesktopIcon },
];

export function Masthead({
  sidebarOpen,
  onSidebar,
  onShortcuts,
}: {
  sidebarOpen: boolean;
  onSidebar: () => void;
  onShortcuts: () => void;
}) {
  const nodes = useNodes();
  return (
    <PfMasthead display={{ default: "inline" }}>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton
            isHamburgerButton
            isSidebarOpen={sidebarOpen}
            onSidebarToggle={onSidebar}
            aria-label="Datacenter and nodes"
            id="ik-sidebar-toggle"
          />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo href={href(["datacenter"])} className="ik-brand">
            <Mark />
            <span className="ik-brand__name">Innkeeper</span>
            <span className="ik-brand__host">{nodes.data?.[0]?.node}</span>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic>
          <ToolbarContent>
            <ToolbarItem align={{ default: "alignEnd" }} visibility={{ default: "hidden", md: "visible" }}>
              <ThemeSwitch />
            </ToolbarItem>
            <ToolbarItem
              align={{ default: "alignEnd", md: "alignStart" }}
              visibility={{ default: "hidden", md: "visible" }}
            >
              <Button
                variant="plain"
                icon={<KeyboardIcon />}
                aria-label="Keyboard shortcuts"
                title="Keyboard shortcuts (?)"
                onClick={onShortcuts}
              />
            </ToolbarItem>
            <ToolbarItem align={{ default: "alignEnd", md: "alignStart" }}>
              <UserMenu onShortcuts={onShortcuts} />
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </PfMasthead>
  );
}

function ThemeSwitch() {
  const [theme, choose] = useTheme();
  return (
    <ToggleGroup aria-label="Theme">
      {THEMES.map(({ theme: candidate, label, icon: Icon }) => (
        <ToggleGroupItem
          key={candidate}
          icon={<Icon />}
          aria-label={label}
          title={label}
          isSelected={theme === candidate}
          onChange={() => choose(candidate)}
        />
      ))}
    </ToggleGroup>
  );
}

function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const [open, setOpen] = useState(false);
  const [theme, choose] = useTheme();
  const session = useSession();
  const version = useVersion();
  const user = session.is === "in" ? session.session.username : "";
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: "end" }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          icon={<UserIcon />}
          className="ik-user"
          aria-label={`User menu of ${user}`}
        >
          <span className="ik-user__name">{user}</span>
        </MenuToggle>
      )}
    >
      <DropdownList>
        {version.data && (
          <DropdownItem key="version" isDisabled description={`API ${version.data.version}`}>
            Innkeeper {version.data.innkeeper}
          </DropdownItem>
        )}
        {THEMES.map(({ theme: candidate, label, icon: Icon }) => (
          <DropdownItem
            key={candidate}
            icon={<Icon />}
            isSelected={candidate === theme}
            onClick={() => choose(candidate)}
          >
            {label}
          </DropdownItem>
        ))}
        <DropdownItem key="shortcuts" icon={<KeyboardIcon />} onClick={onShortcuts}>
          Keyboard shortcuts
        </DropdownItem>
        {user && (
          <DropdownItem key="account" icon={<UserIcon />} to={href(["datacenter", "access", "users", user])}>
            Your account
          </DropdownItem>
        )}
        <Divider key="divider" component="li" />
        <DropdownItem key="logout" onClick={() => void logout()}>
          Log out
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
