// Forms in dialogs: what is wanted is asked for here, what would come of it is shown by the plan dialog.

import {
  Button,
  Checkbox,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { useId, type FormEvent, type HTMLInputAutoCompleteAttribute, type ReactNode } from "react";

export function FormDialog({
  title,
  description,
  submit = "Review the change",
  isValid = true,
  onClose,
  onSubmit,
  children,
}: {
  title: string;
  description?: ReactNode;
  submit?: string;
  isValid?: boolean;
  onClose: () => void;
  onSubmit: () => void;
  children: ReactNode;
}) {
  const id = useId();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) onSubmit();
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${id}title`}>
      <ModalHeader title={title} labelId={`${id}title`} description={description} />
      <ModalBody>
        <Form id={`${id}form`} onSubmit={send}>
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={`${id}form`} isDisabled={!isValid}>
          {submit}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface FieldProps {
  label: string;
  /** What to know before typing. */
  help?: ReactNode;
  /** What is wrong with what was typed. */
  error?: string | false;
  isRequired?: boolean;
}

function Field({
  id,
  label,
  help,
  error,
  isRequired,
  children,
}: FieldProps & { id: string; children: ReactNode }) {
  return (
    <FormGroup label={label} isRequired={isRequired} fieldId={id}>
      {children}
      {(help || error) && (
        <FormHelperText id={`${id}help`}>
          <HelperText>
            <HelperTextItem variant={error ? "error" : "default"}>{error || help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

export function TextField({
  value,
  onChange,
  type = "text",
  options,
  autoFocus,
  autoComplete = "off",
  isDisabled,
  maxLength,
  ...field
}: FieldProps & {
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "email" | "password" | "datetime-local" | "date";
  /** Values to choose from; others can be typed. */
  options?: readonly string[];
  autoFocus?: boolean;
  autoComplete?: HTMLInputAutoCompleteAttribute;
  isDisabled?: boolean;
  maxLength?: number;
}) {
  const id = useId();
  return (
    <Field id={id} {...field}>
      <TextInput
        id={id}
        type={type}
        value={value}
        onChange={(_, text) => onChange(text)}
        isRequired={field.isRequired}
        validated={field.error ? "error" : "default"}
        aria-describedby={field.help || field.error ? `${id}help` : undefined}
        autoFocus={autoFocus}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        isDisabled={isDisabled}
        maxLength={maxLength}
        list={options && `${id}options`}
      />
      {options && (
        <datalist id={`${id}options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

export interface Choice<T extends string = string> {
  value: T;
  label?: string;
}

export function SelectField<T extends string>({
  value,
  onChange,
  choices,
  empty,
  ...field
}: FieldProps & {
  value: T | "";
  onChange: (value: T) => void;
  choices: readonly Choice<T>[];
  /** What stands there before anything is chosen. */
  empty?: string;
}) {
  const id = useId();
  return (
    <Field id={id} {...field}>
      <FormSelect
        id={id}
        value={value}
        isRequired={field.isRequired}
        aria-describedby={field.help || field.error ? `${id}help` : undefined}
        onChange={(_, chosen) => onChange(chosen as T)}
      >
        {empty !== undefined && <FormSelectOption value="" label={empty} isPlaceholder />}
        {choices.map(({ value: choice, label }) => (
          <FormSelectOption key={choice} value={choice} label={label ?? choice} />
        ))}
      </FormSelect>
    </Field>
  );
}

export function CheckField({
  label,
  description,
  value,
  onChange,
}: {
  label: string;
  description?: ReactNode;
  value: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <Checkbox
      id={id}
      label={label}
      description={description}
      isChecked={value}
      onChange={(_, on) => onChange(on)}
    />
  );
}

/** Some of a set, as boxes to tick. */
export function ChoicesField({
  label,
  choices,
  chosen,
  onChange,
}: {
  label: string;
  choices: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}) {
  const id = useId();
  const flip = (choice: string, on: boolean) =>
    onChange(choices.filter((each) => (each === choice ? on : chosen.includes(each))));
  return (
    <FormGroup role="group" label={label} fieldId={id}>
      <div className="ik-choices">
        {choices.map((choice) => (
          <Checkbox
            key={choice}
            id={`${id}${choice}`}
            label={choice}
            isChecked={chosen.includes(choice)}
            onChange={(_, on) => flip(choice, on)}
          />
        ))}
      </div>
    </FormGroup>
  );
}
